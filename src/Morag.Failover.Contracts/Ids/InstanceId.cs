using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// Names one start of a worker's process: new each time it starts. Keeps <see cref="Identifier.Rule"/> where it comes from outside.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<InstanceId>))]
public readonly record struct InstanceId(string Value) : ITextId<InstanceId>
{
    /// <inheritdoc />
    public static InstanceId From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;
}
