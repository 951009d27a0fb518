using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CSharp.Tests.AspNet.Pages;

/// <summary>A page that leaves a notice for itself, across a redirect.</summary>
public class NoticeModel : PageModel
{
    [TempData]
    public string? Notice { get; set; }

    public void OnGet()
    {
    }

    public IActionResult OnPost(string text)
    {
        Notice = text;
        HttpContext.Session.SetString("last", text);
        return RedirectToPage();
    }
}
