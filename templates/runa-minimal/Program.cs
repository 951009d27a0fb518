using System.Net;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using Runa;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddRunaSession();
builder.Services.AddAuthentication().AddRunaSession("web", o => o.LoginPath = "/login");
builder.Services.AddAuthorization();

var app = builder.Build();
app.UseRunaCrossOriginProtection();
app.UseRunaSession("web");
app.UseAuthentication();
app.UseAuthorization();

app.MapGet("/", (RunaSession session) =>
{
    var visits = session.Update(Keys.Visits, 0, n => n + 1);
    return Page(session, "Welcome", $"""<p>You have been here {visits} times.</p><p><a href="/account">Your account</a></p>""");
});

app.MapGet("/login", (HttpRequest request, RunaSession session) => Page(session, "Sign in", $"""
    <form method="post" action="/login{WebUtility.HtmlEncode(request.QueryString.Value)}">
      <input name="name" placeholder="ada"> <input name="password" type="password" placeholder="demo"> <button>Sign in</button>
    </form>
    """));

app.MapPost("/login", async (HttpRequest request, RunaSession session, string? returnUrl) =>
{
    if (!request.HasFormContentType)
    {
        return Results.StatusCode(StatusCodes.Status415UnsupportedMediaType); // such as JSON
    }

    var form = await request.ReadFormAsync();

    if (CheckPassword(form["name"].ToString(), form["password"].ToString()) is not { } user)
    {
        session.Flash("notice", "Wrong name or password.");
        return Results.LocalRedirect("/login" + request.QueryString);
    }

    session.SignIn(user); // a new id, so that one that was planted before is worthless
    session.Flash("notice", "Welcome back!");
    // Only to a path of this application, and in ASCII: /café becomes /caf%C3%A9.
    return Results.LocalRedirect(RedirectHttpResult.IsLocalUrl(returnUrl) ? UriHelper.Encode(new Uri(returnUrl, UriKind.Relative)) : "/account");
});

app.MapGet("/account", (RunaSession session) => Page(session, "Your account", $"""
    <p>You are {WebUtility.HtmlEncode(session.Owner)}.</p>
    <form method="post" action="/logout"><button>Sign out</button></form>
    """)).RequireAuthorization();

app.MapPost("/logout", (RunaSession session) =>
{
    session.SignOut();
    session.Flash("notice", "Goodbye!");
    return Results.LocalRedirect("/");
});

app.Run();

// A page that shows each notice once.
static IResult Page(RunaSession session, string heading, string content)
{
    var notices = string.Concat(session.TakeFlashes<string>("notice").Select(text => $"""<p role="status">{WebUtility.HtmlEncode(text)}</p>"""));
    return Results.Content($"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>{notices}<h1>{heading}</h1>{content}</html>""", "text/html; charset=utf-8");
}

// Write your own: look the user up, check the password's hash, return an id that never changes.
static string? CheckPassword(string name, string password) => name == "ada" && password == "demo" ? "user-1" : null;

static class Keys
{
    public static readonly SessionKey<int> Visits = new("visits");
}
