namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// A reporter's own name for a failure, unique within its task. Keeps <see cref="Identifier.Rule"/> where it comes from outside.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<EventId>))]
public readonly record struct EventId(string Value) : ITextId<EventId>
{
    /// <inheritdoc />
    public static EventId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;
}
