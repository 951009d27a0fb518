using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class IndexModel : PageModel
{
    public int Visits { get; private set; }

    public void OnGet(RunaSession session) => Visits = session.Update(Keys.Visits, 0, visits => visits + 1);
}
