"""``python -m rhobar``."""

from rhobar.cli.main import main

if __name__ == "__main__":
    main()
