namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// A reporter's own id for a failure, unique within the task. An id from outside must match <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<EventId>))]
public readonly record struct EventId(string Value) : ITextId<EventId>
{
    /// <inheritdoc />
    public static EventId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
