using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class IndexModel : PageModel
{
    public int Visits { get; private set; }

    public bool IsUnproven { get; private set; }

    public void OnGet(RunaSession session)
    {
        // What does not come from the session's device can only be shown: a change would be answered with 401.
        IsUnproven = session.Status == SessionStatus.Unproven;
        Visits = IsUnproven ? 0 : session.Update(Keys.Visits, 0, visits => visits + 1);
    }
}
