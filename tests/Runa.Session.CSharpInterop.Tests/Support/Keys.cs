namespace CSharp.Tests;

public static class Keys
{
    public static readonly SessionKey<int> Visits = new("visits");
    public static readonly SessionKey<string> Name = new("name");
    public static readonly SessionKey<List<string>> Cart = new("cart");
    public static readonly SessionKey<string> Notice = new("notice");
}
