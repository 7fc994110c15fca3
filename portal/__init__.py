"""The portal: meeting places, their calendars, and what belongs to them.

`create_app` is the only place that lists the features. A new one is a new folder, its
blueprints here, and its tables in TABLES.
"""

from __future__ import annotations

from flask import Flask

from portal.accounts import actions as account_actions
from portal.accounts import models as account_models
from portal.accounts.views import blueprint as accounts
from portal.accounts.views import load_account
from portal.config import ROOT, Settings, read_settings
from portal.core import jobs, rate_limits
from portal.core import models as core_models
from portal.core.access import init_access
from portal.core.cache import init_cache
from portal.core.database import init_database
from portal.core.errors import init_errors
from portal.core.extensions import db
from portal.core.languages import LanguagePrefix, init_languages
from portal.core.sealing import load_key
from portal.core.security import init_origin_check, init_security
from portal.core.templates import init_templates
from portal.core.types import from_json
from portal.events import models as event_models
from portal.events import (  # noqa: F401 (they add their routes)
    observance_views,
    staff_changes,
    staff_dates,
    staff_series,
    staff_terms,
    staff_today,
)
from portal.events.staff import blueprint as staff_events
from portal.events.staff_closed import blueprint as staff_closed
from portal.events.staff_observances import blueprint as staff_observances
from portal.events.views import blueprint as events
from portal.feeds import models as feed_models
from portal.feeds.counting import Counting, Counts
from portal.feeds.jobs import make_quiet_feeds, store_feed_texts, store_fetches
from portal.feeds.staff import blueprint as staff_feeds
from portal.feeds.staff_my import blueprint as my_feed
from portal.feeds.views import blueprint as feeds
from portal.home.frame import frame
from portal.home.staff import blueprint as staff
from portal.home.views import blueprint as home
from portal.imports import models as import_models
from portal.imports import staff_runs  # noqa: F401 (adds its routes)
from portal.imports.jobs import forget_runs, go_on_with_runs, read_addresses
from portal.imports.staff import blueprint as staff_imports
from portal.places import models as place_models
from portal.places import staff_breaks  # noqa: F401 (adds its routes)
from portal.places.staff import blueprint as staff_places
from portal.places.views import blueprint as places
from portal.units import models as unit_models
from portal.units.views import blueprint as units

TABLES = (
    core_models,
    unit_models,
    account_models,
    place_models,
    event_models,
    feed_models,
    import_models,
)
BLUEPRINTS = (
    home,
    events,
    units,
    places,
    feeds,
    accounts,
    staff,
    staff_events,
    staff_places,
    staff_closed,
    staff_observances,
    staff_feeds,
    my_feed,
    staff_imports,
)
MAX_UPLOAD = 16 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The application, bound to one installation. Raises ConfigError for unusable settings."""
    settings = settings or read_settings()
    settings.instance.mkdir(parents=True, exist_ok=True)
    app = Flask(
        "portal",
        root_path=str(ROOT / "portal"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance),
    )
    app.config.update(
        PORTAL_SETTINGS=settings,
        PORTAL_KEY=load_key(settings.key_file),
        SECRET_KEY=None,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # Values of statements never reach a log (P12).
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True, "json_deserializer": from_json},
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_ENABLED=False,
    )
    db.init_app(app)
    init_database(app)
    init_languages(app)
    init_origin_check(app, settings.base_url)
    init_access(app, load_account)
    init_security(app, settings.is_https)
    init_errors(app)
    init_templates(app)
    app.context_processor(frame)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    jobs.register("store feed texts", store_feed_texts)
    jobs.register("store feed fetches", store_fetches)
    jobs.register("make quiet feeds", make_quiet_feeds)
    jobs.register("read programmes", read_addresses, owns_transactions=True)
    jobs.register("go on with imports", go_on_with_runs, owns_transactions=True)
    jobs.register("forget imports", forget_runs)
    jobs.register("purge sessions", lambda: f"{account_actions.purge_sessions()} sessions removed")
    jobs.register("purge rate counts", lambda: f"{rate_limits.purge()} counts removed")
    with app.app_context():
        init_cache(app, db.engine)
    counts = app.extensions["feed_counts"] = Counts()
    app.wsgi_app = Counting(app.wsgi_app, counts)  # type: ignore[method-assign]
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]
    return app
