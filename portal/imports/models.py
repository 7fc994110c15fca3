"""What imports remember: which name in a source means which unit."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.extensions import Model


class UnitAlias(Model):
    """A name that others use for a unit, folded as search folds; or the municipality's own code
    for it, in lower case."""

    __tablename__ = "unit_alias"
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))


class CategoryKind(Model):
    """A category of somebody else's programme and the kind of event it means here."""

    __tablename__ = "category_kind"
    category: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind_slug: Mapped[str] = mapped_column(String(60))
