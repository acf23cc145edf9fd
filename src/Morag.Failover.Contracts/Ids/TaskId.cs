namespace Morag.Failover.Contracts.Ids;

/// <summary>The id of a task, unique over all queues. An id from outside must match <see cref="Identifier.Rule"/>.</summary>
[JsonConverter(typeof(IdJsonConverter<TaskId>))]
public readonly record struct TaskId(string Value) : ITextId<TaskId>
{
    /// <inheritdoc />
    public static TaskId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
