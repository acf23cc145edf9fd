namespace Morag.Failover.Domain.Search;

/// <summary>A value to sort by: a number or a text. Tasks without the value come last.</summary>
/// <param name="IsMissing">Whether the task has no value.</param>
/// <param name="Number">The number; 0 for a text.</param>
/// <param name="Text">The text, compared by its UTF-16 code units; null for a number.</param>
internal readonly record struct SortKey(bool IsMissing, long Number, string? Text)
{
    private static readonly SortKey Missing = new(true, 0, null);

    public static SortKey Of(string? text) => text is null ? Missing : new(false, 0, text);

    public static SortKey Of(long number) => new(false, number, null);

    /// <summary>The key of a number that is not negative: such numbers have the order of their bits.</summary>
    public static SortKey Of(double number) => Of(BitConverter.DoubleToInt64Bits(number));

    public static SortKey Of(DateTimeOffset? time) => time is { } at ? Of(at.UtcTicks) : Missing;

    /// <summary>The key of the time since <paramref name="start"/>: what started last is shortest.</summary>
    public static SortKey Since(DateTimeOffset? start) => start is { } at ? Of(-at.UtcTicks) : Missing;

    /// <summary>Compares two keys in one direction. Missing values come last in both.</summary>
    public int CompareTo(SortKey other, bool descending)
    {
        if (IsMissing != other.IsMissing)
        {
            return IsMissing ? 1 : -1;
        }

        var order = Number.CompareTo(other.Number);
        order = order != 0 ? order : string.CompareOrdinal(Text, other.Text);
        return descending ? -order : order;
    }
}
