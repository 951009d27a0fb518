using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CSharp.Tests.AspNet;

/// <summary>What an MVC application does with TempData.</summary>
[Route("tempdata/[action]")]
public class TempDataController : Controller
{
    [HttpPost]
    public IActionResult Save(string text)
    {
        TempData["notice"] = text;
        TempData["number"] = 7;
        return RedirectToAction(nameof(Show));
    }

    [HttpGet]
    public IActionResult Show() => Content($"{TempData["notice"] ?? "nothing"}");

    [HttpGet]
    public IActionResult Peek() => Content($"{TempData.Peek("notice") ?? "nothing"}");

    [HttpGet]
    public IActionResult Keep()
    {
        var notice = TempData["notice"];
        TempData.Keep("notice");
        return Content($"{notice}");
    }

    [HttpGet]
    public IActionResult Untouched() => Content("fine");

    [HttpGet]
    public IActionResult Gone() => NoContent();

    [HttpGet]
    public IActionResult SaveAndFail()
    {
        TempData["notice"] = "never";
        throw new TimeZoneNotFoundException();
    }

    [HttpGet]
    public IActionResult Form([FromServices] IAntiforgery antiforgery)
    {
        HttpContext.Session.SetString("form", "shown");
        return Content(antiforgery.GetAndStoreTokens(HttpContext).RequestToken!);
    }

    [HttpPost, ValidateAntiForgeryToken]
    public IActionResult Submit(string text)
    {
        TempData["notice"] = $"{HttpContext.Session.GetString("form")}, {text}";
        return RedirectToAction(nameof(Show));
    }
}
