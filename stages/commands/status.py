"""Show which stages are up to date."""

from pipeline.engine.command import main
from pipeline.engine.make import status

if __name__ == "__main__":
    main(status)
