using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class LogoutModel : PageModel
{
    public IActionResult OnGet() => LocalRedirect("/");

    public IActionResult OnPost(RunaSession session)
    {
        session.SignOut(); // ends it in the store, for every copy of the cookie
        session.Flash(Keys.Notice, "You have signed out. Goodbye!"); // goes into a new session
        return LocalRedirect("/");
    }
}
