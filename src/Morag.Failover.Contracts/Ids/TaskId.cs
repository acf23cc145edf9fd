namespace Morag.Failover.Contracts.Ids;

/// <summary>Names one task, unique over all queues. Keeps <see cref="Identifier.Rule"/> where it comes from outside.</summary>
[JsonConverter(typeof(IdJsonConverter<TaskId>))]
public readonly record struct TaskId(string Value) : ITextId<TaskId>
{
    /// <inheritdoc />
    public static TaskId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;
}
