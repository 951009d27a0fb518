using System.Globalization;
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

    public static string Moment(DateTimeOffset at) =>
        at.UtcDateTime.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public async Task<IActionResult> OnPostRevokeAsync(RunaSession session, string handle)
    {
        var ended = await sessions.RevokeAsync("web", session.Owner!, handle);
        session.Flash(Keys.Notice, ended ? "Signed out there." : "That session had already ended.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostRevokeOthersAsync(RunaSession session)
    {
        var others = await sessions.RevokeOthersAsync(session);
        session.Flash(Keys.Notice, $"Signed out on {(others == 1 ? "1 other device" : $"{others} other devices")}.");
        return RedirectToPage();
    }
}
