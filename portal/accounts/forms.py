"""Shape of input: signing in, and making an account from an invitation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, Length

from portal.core.forms import ChoiceField, Form, LineField, is_email, tidy_line


class SignInForm(Form):
    """E-mail and password."""

    email = EmailField(
        _l("E-mail"), [DataRequired(_l("Write your e-mail address."))], filters=[tidy_line]
    )
    password = PasswordField(
        _l("Password"), [DataRequired(_l("Write your password.")), Length(max=200)]
    )


class AcceptForm(Form):
    """A function account made from an invitation."""

    email = EmailField(
        _l("E-mail"),
        [DataRequired(_l("Write your e-mail address.")), Length(max=120), is_email],
        filters=[tidy_line],
    )
    name = LineField(
        _l("Name of the function, for example Board"), [DataRequired(_l("Write a name."))], size=80
    )
    password = PasswordField(
        _l("Password, at least 12 characters"), [DataRequired(_l("Write a password."))]
    )


class InviteForm(Form):
    """Whom to invite: an association that is here already, or a new one."""

    unit = ChoiceField(_l("Association"), coerce=int)
    new_name = LineField(_l("Name of a new association"), size=100)
