using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Runa;
using Shop.Model;

namespace Shop.Pages;

public class CartModel : PageModel
{
    /// <summary>For the page after the redirect: TempData, kept in the session.</summary>
    [TempData(Key = "message")]
    public string? Message { get; set; }

    public IReadOnlyList<CartLine> Lines { get; private set; } = [];

    public void OnGet(RunaSession session) => Lines = Cart.Lines(session);

    public IActionResult OnPostAdd(RunaSession session, string sku) =>
        Change(sku, product =>
        {
            Cart.Add(session, product);
            return $"Added: {product.Name}.";
        });

    public IActionResult OnPostTake(RunaSession session, string sku) =>
        Change(sku, product =>
        {
            Cart.Take(session, product);
            return $"One less: {product.Name}.";
        });

    public static string Price(decimal amount) => amount.ToString("0.00", CultureInfo.InvariantCulture) + " €";

    private IActionResult Change(string sku, Func<Product, string> change)
    {
        if (Product.Find(sku) is not { } product)
        {
            return NotFound();
        }

        Message = change(product);
        return RedirectToPage();
    }
}
