"""Flask, SQLAlchemy and icalendar, one query an answer: what any such program costs at least.

Usage: python -m bench.bare.cold PORT
"""

import sys

import icalendar
import waitress
from flask import Flask
from sqlalchemy import Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(60))


Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add(Row(title="Språkcafé"))
    session.commit()


@app.get("/")
def index() -> str:
    with Session(engine) as session:
        row = session.scalars(select(Row)).first()
        event = icalendar.Event()
        event.add("summary", row.title if row else "")
        return event.to_ical().decode()


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident=None)
