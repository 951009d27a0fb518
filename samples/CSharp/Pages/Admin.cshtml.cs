using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class AdminModel : PageModel
{
    public string? Operator { get; private set; }

    public IReadOnlyList<string> Notes { get; private set; } = [];

    public void OnGet([FromRunaSession("admin")] RunaSession admin)
    {
        Operator = admin.Owner;
        Notes = admin.Get(Keys.Notes, []);
    }

    public IActionResult OnPostEnter([FromRunaSession("admin")] RunaSession admin)
    {
        admin.SignIn("operator");
        return RedirectToPage();
    }

    public IActionResult OnPostLeave([FromRunaSession("admin")] RunaSession admin)
    {
        admin.SignOut();
        return RedirectToPage();
    }

    public IActionResult OnPostWrite([FromRunaSession("admin")] RunaSession admin, string? note)
    {
        if (admin.Owner is not null && !string.IsNullOrWhiteSpace(note))
        {
            admin.Update(Keys.Notes, [], notes => [.. notes, note.Trim()]);
        }

        return RedirectToPage();
    }
}
