using System.Text.Json.Serialization;

namespace CSharp.Tests.Codecs;

internal enum Colour
{
    Red,
    Green = 7,
}

[Flags]
internal enum Rights
{
    None = 0,
    Read = 1,
    Write = 2,
}

internal record Money(decimal Amount, string Currency);

internal sealed record TaxedMoney(decimal Amount, string Currency, decimal Tax) : Money(Amount, Currency);

internal record struct Point(int X, int Y);

internal readonly record struct Spot(int Row, string? Column);

internal struct Range2(int from, int to)
{
    public int From { get; set; } = from;

    public int To { get; } = to;
}

internal sealed class Person
{
    public required string Name { get; init; }

    public string? Nickname { get; set; }
}

/// <summary>Items has no setter, Total a private one; Sum is computed.</summary>
internal class Cart
{
    public string Id { get; set; } = "";

    public List<Money> Items { get; } = [new(0, "first")];

    public int Total { get; private set; }

    public decimal Sum => Items.Sum(item => item.Amount);

    public void Add(Money item)
    {
        Items.Add(item);
        Total++;
    }
}

internal sealed class GiftCart : Cart
{
    public string Note { get; set; } = "";
}

[JsonDerivedType(typeof(Dog), "dog")]
[JsonDerivedType(typeof(Cat), "cat")]
internal abstract class Animal
{
    public string Name { get; set; } = "";
}

internal sealed class Dog : Animal
{
    public int Bones { get; set; }

    public List<string> Tricks { get; } = [];
}

internal sealed class Cat : Animal
{
    public int Lives { get; set; }
}

internal sealed class Bird : Animal;

internal abstract class Shape
{
    public int Sides { get; set; }
}

internal sealed class Hidden
{
    private readonly List<string> _items = [];

    public string Id { get; set; } = "";

    public IReadOnlyList<string> Items => _items;
}

internal sealed class PrefixHidden
{
    private readonly List<string> m_items = [];

    public string Id { get; set; } = "";

    public IReadOnlyList<string> Items => m_items.AsReadOnly();
}

internal sealed class ReadOnlyFields
{
    public readonly int Number;

    public readonly string? Text;

    public ReadOnlyFields()
    {
    }

    public ReadOnlyFields(int number, string? text) => (Number, Text) = (number, text);

    public string Name { get; set; } = "";
}

internal struct HalfReadOnly(int x, int y)
{
    public readonly int X = x;

    public int Y = y;
}

internal readonly struct WhollyReadOnly(int x, string y)
{
    public readonly int X = x;

    public readonly string Y = y;
}

[JsonDerivedType(typeof(Unmarked))]
[JsonDerivedType(typeof(UnmarkedChild))]
internal class Unmarked
{
    public int X { get; set; }
}

internal sealed class UnmarkedChild : Unmarked
{
    public int Y { get; set; }
}

[JsonDerivedType(typeof(MarkedBase))]
[JsonDerivedType(typeof(MarkedChild), 7)]
internal class MarkedBase
{
    public int X { get; set; }
}

internal sealed class MarkedChild : MarkedBase
{
    public int Y { get; set; }
}

[JsonPolymorphic(UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FallBackToBaseType)]
[JsonDerivedType(typeof(NamedVehicle), "named")]
internal class Vehicle
{
    public int Wheels { get; set; }
}

internal sealed class NamedVehicle : Vehicle
{
    public string Name { get; set; } = "";
}

internal sealed class UnnamedVehicle : Vehicle
{
    public int Seats { get; set; }
}

[JsonDerivedType(typeof(HiddenPart), "hidden")]
internal abstract class Part;

internal sealed class HiddenPart : Part
{
    private readonly List<string> _items = [];

    public IReadOnlyList<string> Items => _items;
}

internal sealed class PrivatelyMade
{
    private PrivatelyMade()
    {
    }

    public int Number { get; set; }

    public static PrivatelyMade Make() => new();
}

internal sealed class TwoWays
{
    public TwoWays(int a) => A = a;

    public TwoWays(int a, int b) => A = a + b;

    public int A { get; set; }
}

internal sealed class Renamed(string name)
{
    public string Title => name;

    public int Number { get; set; }
}

internal sealed class LabelledList : List<int>
{
    public string Label { get; set; } = "";
}
