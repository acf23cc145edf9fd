using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>Names a queue, such as <c>gpu_priority</c>. Keeps <see cref="Identifier.Rule"/> where it comes from outside.</summary>
[JsonConverter(typeof(IdJsonConverter<QueueName>))]
public readonly record struct QueueName(string Value) : ITextId<QueueName>
{
    /// <inheritdoc />
    public static QueueName From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;
}
