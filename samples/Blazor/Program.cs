using Runa;
using Sample.Blazor.Components;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddRunaSession(builder.Configuration);

// The owner of the session "web" is the user, in pages and in circuits.
builder.Services.AddAuthentication().AddRunaSession("web", o => o.LoginPath = "/login");
builder.Services.AddAuthorization();
builder.Services.AddCascadingAuthenticationState();

builder.Services.AddRazorComponents()
    .AddRunaSession("web") // the cascading parameter
    .AddInteractiveServerComponents()
    .AddRunaSession(o => builder.Configuration.Bind("Circuits", o));

var app = builder.Build();

app.UseRunaSession("web");
app.UseAuthentication();
app.UseAuthorization();
app.UseAntiforgery();
app.MapStaticAssets();
app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
app.Run();
