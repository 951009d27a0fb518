using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Shop.Pages;

/// <summary>Uses no session, because it must answer even when the store does not.</summary>
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true)]
public class ErrorModel : PageModel
{
    public string Heading => Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => "Please sign in again",
        StatusCodes.Status409Conflict => "Please try again",
        _ => "Something went wrong",
    };

    public string Explanation => Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => "This browser cannot show that it is on the device of your session, so nothing was saved.",
        StatusCodes.Status409Conflict => "Your session ended while this request was running, so what it changed there was not saved.",
        _ => "It is not your fault. Please try again later.",
    };
}
