"""From facts to money: rules, their assessments, pools and what becomes of them. Pure, like the whole engine."""
