using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Shop.Pages;

/// <summary>Uses no session, because it must answer even when the store does not.</summary>
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true)]
public class ErrorModel : PageModel
{
    private bool IsConflict => Response.StatusCode == StatusCodes.Status409Conflict;

    public string Heading => IsConflict ? "Please try again" : "Something went wrong";

    public string Explanation => IsConflict
        ? "Your session ended while this request was running, so what it changed there was not saved."
        : "It is not your fault. Please try again later.";
}
