using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>The name of a queue, such as <c>gpu_priority</c>. A name from outside must match <see cref="Identifier.Rule"/>.</summary>
[JsonConverter(typeof(IdJsonConverter<QueueName>))]
public readonly record struct QueueName(string Value) : ITextId<QueueName>
{
    /// <inheritdoc />
    public static QueueName From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
