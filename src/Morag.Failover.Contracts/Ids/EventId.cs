using System.Buffers;

namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// A reporter's own id for a failure, unique within the task. An id from outside must match <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<EventId>))]
public readonly record struct EventId(string Value) : ITextId<EventId>
{
    private const string GeneratedPrefix = "call-";
    private const int DigitsOfGuid = 32;
    private static readonly SearchValues<char> LowerHexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether it has the form of <see cref="Generate"/>.</summary>
    public bool IsGenerated => Value is not null
        && Value.Length == GeneratedPrefix.Length + DigitsOfGuid
        && Value.StartsWith(GeneratedPrefix, StringComparison.Ordinal)
        && Value.AsSpan(GeneratedPrefix.Length).IndexOfAnyExcept(LowerHexDigits) < 0;

    /// <inheritdoc />
    public static EventId From(string value) => new(value);

    /// <summary>An id for a report to which the reporter gave none, so that a repeated message counts once.</summary>
    public static EventId Generate() => new($"{GeneratedPrefix}{Guid.NewGuid():N}");

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
