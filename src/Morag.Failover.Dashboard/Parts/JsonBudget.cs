using System.Text.Json;

namespace Morag.Failover.Dashboard.Parts;

/// <summary>Limits how much of a JSON value a page shows, so that a large value does not make a large page.</summary>
public sealed class JsonBudget
{
    /// <summary>The most characters of one text.</summary>
    public const int MaxText = 2_000;

    /// <summary>The most entries of one object or array.</summary>
    public const int MaxEntries = 50;

    private const int MaxValues = 500;

    private int values;

    /// <summary>Whether something is left out.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Finds out in advance whether something will be left out.</summary>
    public void Plan(JsonElement element)
    {
        var planned = new JsonBudget();
        planned.Walk(element);
        IsSpent = planned.IsSpent;
    }

    /// <summary>Whether one more value may be shown.</summary>
    public bool Spend()
    {
        IsSpent |= values >= MaxValues;
        return values++ < MaxValues;
    }

    private void Walk(JsonElement element)
    {
        if (!Spend())
        {
            return;
        }

        var entries = 0;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject().Take(MaxEntries))
                {
                    Walk(property.Value);
                }

                entries = element.EnumerateObject().Count();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray().Take(MaxEntries))
                {
                    Walk(item);
                }

                entries = element.GetArrayLength();
                break;
            case JsonValueKind.String:
                IsSpent |= element.GetString()!.Length > MaxText;
                break;
            default:
                break;
        }

        IsSpent |= entries > MaxEntries;
    }
}
