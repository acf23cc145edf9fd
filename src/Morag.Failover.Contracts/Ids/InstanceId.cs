using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The id of one start of a worker's process, new for each start. An id from outside must match <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<InstanceId>))]
public readonly record struct InstanceId(string Value) : ITextId<InstanceId>
{
    /// <inheritdoc />
    public static InstanceId From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
