namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The fencing token of a lease. Within a queue partition epochs only grow and never recur, not even after the task is forgotten. The
/// first is 1; <see cref="None"/> means "never leased".
/// </summary>
[JsonConverter(typeof(LeaseEpochJsonConverter))]
public readonly record struct LeaseEpoch(long Value) : IComparable<LeaseEpoch>
{
    /// <summary>Before the first lease.</summary>
    public static readonly LeaseEpoch None;

    /// <summary>The epoch that follows this one.</summary>
    public LeaseEpoch Next() => new(Value + 1);

    /// <inheritdoc />
    public int CompareTo(LeaseEpoch other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is older.</summary>
    public static bool operator <(LeaseEpoch left, LeaseEpoch right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is newer.</summary>
    public static bool operator >(LeaseEpoch left, LeaseEpoch right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is older or equal.</summary>
    public static bool operator <=(LeaseEpoch left, LeaseEpoch right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is newer or equal.</summary>
    public static bool operator >=(LeaseEpoch left, LeaseEpoch right) => left.Value >= right.Value;

    /// <inheritdoc />
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

internal sealed class LeaseEpochJsonConverter : JsonConverter<LeaseEpoch>
{
    public override LeaseEpoch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value >= 0
            ? new LeaseEpoch(value)
            : throw new JsonException("must be a whole number, 0 or more");

    public override void Write(Utf8JsonWriter writer, LeaseEpoch value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}
