using Runa;
using Shop.Model;

namespace Shop.Api;

/// <summary>The cart as JSON: the same session as the pages'.</summary>
public static class CartApi
{
    public static void MapCart(this IEndpointRouteBuilder app)
    {
        var cart = app.MapGroup("/api/cart");

        // Behind UseRunaSession the session is a parameter.
        cart.MapGet("", (RunaSession session) => Cart.Lines(session));

        // Or one call: it loads, runs the step, saves, and returns the step's result.
        cart.MapPost("{sku}", async Task<IResult> (string sku, HttpContext ctx) =>
            Product.Find(sku) is { } product
                ? TypedResults.Ok(await ctx.UpdateRunaSessionAsync("web", session =>
                {
                    Cart.Add(session, product);
                    return Cart.Lines(session);
                }))
                : TypedResults.NotFound());

        cart.MapDelete("", (RunaSession session) =>
        {
            session.Remove(Keys.Cart);
            return TypedResults.NoContent();
        });
    }
}
