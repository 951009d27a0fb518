using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class LoginModel : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public string? Name { get; private set; }

    public bool HasFailed { get; private set; }

    public SessionStatus Before { get; private set; }

    public void OnGet(RunaSession session) => Before = session.Status;

    public IActionResult OnPost(RunaSession session, string? name, string? password, bool stay)
    {
        if (Users.Check(name, password) is not var (id, claims))
        {
            (Name, HasFailed) = (name, true);
            return Page();
        }

        session.SignIn(id, claims); // a new id: an old one that an attacker planted is worthless
        session.Label = Device.Of(Request.Headers.UserAgent);

        // Personal data, for the list of devices. Behind a proxy, UseForwardedHeaders makes the address the client's.
        session.SetClient(HttpContext.Connection.RemoteIpAddress?.ToString(), Request.Headers.UserAgent);
        session.Flash(Keys.Notice, "Welcome!");

        if (stay)
        {
            session.SetLifetime(TimeSpan.FromHours(12));
        }

        // Headers are ASCII: /café becomes /caf%C3%A9.
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? UriHelper.Encode(new Uri(ReturnUrl, UriKind.Relative)) : "/account");
    }
}
