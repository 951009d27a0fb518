using Microsoft.AspNetCore.Diagnostics;
using Runa;
using Shop.Api;

var builder = WebApplication.CreateBuilder(args);

// Lifetimes are set in appsettings.json; what code sets here wins.
builder.Services.AddRunaSession(builder.Configuration, sessions => sessions
    .AddSession("web", o => o.Meta["shows"] = "the shop")
    .AddSession("admin", o => o.Meta["shows"] = "the back office"));

// The owner of the session "web" becomes HttpContext.User.
builder.Services.AddAuthentication().AddRunaSession("web", o => o.LoginPath = "/login");
builder.Services.AddAuthorization();
builder.Services.AddRunaSessionInspector();
builder.Services.AddRazorPages().AddSessionStateTempDataProvider();

var app = builder.Build();

app.UseExceptionHandler(new ExceptionHandlerOptions
{
    ExceptionHandlingPath = "/error",
    StatusCodeSelector = e => e switch
    {
        // Another request was first, and this one's changes were not saved: 409 asks the visitor to try again.
        SessionConflictException => StatusCodes.Status409Conflict,
        // The request does not come from the device to which the session is bound.
        SessionUnprovenException => StatusCodes.Status401Unauthorized,
        _ => StatusCodes.Status500InternalServerError,
    },
});
app.UseStaticFiles();
app.UseRunaCrossOriginProtection();
app.UseRouting();
app.UseRunaSession("web", "admin");
app.UseRunaAspNetSession("web"); // HttpContext.Session, and with it TempData, on the session "web"
app.UseAuthentication();
app.UseAuthorization();
app.MapRazorPages();
app.MapCart();

if (app.Environment.IsDevelopment())
{
    app.MapRunaSessionInspector("/_sessions");
}

app.Run();
