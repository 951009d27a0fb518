using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

[Authorize]
public class AccountModel(RunaSessions sessions) : PageModel
{
    public IReadOnlyList<OwnedSession> Devices { get; private set; } = [];

    public string? Here { get; private set; }

    public async Task OnGetAsync(RunaSession session)
    {
        Here = session.Handle;
        Devices = await sessions.ListAsync("web", session.Owner!, HttpContext.RequestAborted);
    }

    public async Task<IActionResult> OnPostRevokeAsync(RunaSession session, string handle)
    {
        var ended = await sessions.RevokeAsync("web", session.Owner!, handle);
        session.Flash(Keys.Notice, ended ? "Signed out there." : "That session had already ended.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostRevokeOthersAsync(RunaSession session)
    {
        session.Flash(Keys.Notice, $"Signed out on {await sessions.RevokeOthersAsync(session)} other devices.");
        return RedirectToPage();
    }
}
