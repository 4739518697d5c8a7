"""SWE-bench style sets: issues of repositories, patches as answers, tests as judges."""
