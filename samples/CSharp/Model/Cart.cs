using Runa;

namespace Shop.Model;

public sealed record CartLine(Product Product, int Count)
{
    public decimal Amount => Count * Product.Price;
}

/// <summary>
/// The cart of a session. Each change starts from the cart as it is now, and runs again if another tab changed the cart
/// first: so nothing that was put in is lost.
/// </summary>
public static class Cart
{
    public static IReadOnlyList<CartLine> Lines(RunaSession session)
    {
        var cart = session.Get(Keys.Cart, []);
        return [.. Product.All.Where(product => cart.ContainsKey(product.Sku)).Select(product => new CartLine(product, cart[product.Sku]))];
    }

    public static void Add(RunaSession session, Product product) => Change(session, product, by: 1);

    public static void Take(RunaSession session, Product product) => Change(session, product, by: -1);

    private static void Change(RunaSession session, Product product, int by) =>
        session.Update(Keys.Cart, [], cart =>
        {
            var count = cart.GetValueOrDefault(product.Sku) + by;
            var others = cart.Where(line => line.Key != product.Sku);
            return count > 0 ? new(others) { [product.Sku] = count } : new(others);
        });
}
