// Sessions in an application that is compiled ahead of time:
//   dotnet publish -r linux-x64 -p:PublishAot=true
using System.Text.Json.Serialization;
using Runa;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, ShopJson.Default));
builder.Services.AddRunaSession(builder.Configuration, sessions => sessions
    .AddSession("web", options => options.IdleTimeout = TimeSpan.FromMinutes(30)));
builder.Services.AddAuthentication().AddRunaSession("web");
builder.Services.AddAuthorization();

var app = builder.Build();
app.UseRunaSession("web");
app.UseAuthentication();
app.UseAuthorization();

app.MapGet("/", (RunaSession session) =>
{
    var visits = session.Update(Keys.Visits, 0, n => n + 1);
    return $"You have been here {visits} times. {string.Join(' ', session.TakeFlashes(Keys.Notice))}".TrimEnd();
});

app.MapPost("/cart/{sku}", (string sku, RunaSession session) =>
    session.Update(Keys.Cart, new Cart([]), cart => new Cart([.. cart.Skus, sku])));

app.MapPost("/login", (RunaSession session) =>
{
    session.SignIn("user-1", [new("role", "admin")]);
    session.Flash(Keys.Notice, "Welcome!");
    return Results.LocalRedirect("/");
});

app.MapPost("/logout", (RunaSession session) => session.SignOut());

app.MapGet("/account", (HttpContext ctx) => $"{ctx.User.Identity?.Name} {ctx.User.IsInRole("admin")}").RequireAuthorization();

app.MapGet("/devices", async (RunaSession session, RunaSessions sessions, CancellationToken cancellationToken) =>
    (await sessions.ListAsync("web", session.Owner ?? "", cancellationToken)).Count);

app.Run();

/// <summary>What a visitor has put into the cart.</summary>
internal sealed record Cart(IReadOnlyList<string> Skus);

/// <summary>What System.Text.Json must know of the values, since it cannot look at them at run time.</summary>
[JsonSerializable(typeof(Cart))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
internal sealed partial class ShopJson : JsonSerializerContext;

internal static class Keys
{
    public static readonly SessionKey<int> Visits = new("visits", SessionCodec.Json(ShopJson.Default.Int32));
    public static readonly SessionKey<Cart> Cart = new("cart", SessionCodec.Json(ShopJson.Default.Cart));
    public static readonly SessionKey<string> Notice = new("notice", SessionCodec.Json(ShopJson.Default.String));
}
