namespace Shop.Model;

public sealed record Product(string Sku, string Name, decimal Price)
{
    public static IReadOnlyList<Product> All { get; } =
    [
        new("tea", "Tea, green", 4.90m),
        new("coffee", "Coffee, ground", 7.50m),
        new("cocoa", "Cocoa, dark", 5.20m),
    ];

    public static Product? Find(string? sku) => All.FirstOrDefault(product => product.Sku == sku);
}
