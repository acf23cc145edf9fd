using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>The id of a worker, the same across restarts. An id from outside must match <see cref="Identifier.Rule"/>.</summary>
[JsonConverter(typeof(IdJsonConverter<WorkerId>))]
public readonly record struct WorkerId(string Value) : ITextId<WorkerId>
{
    /// <inheritdoc />
    public static WorkerId From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
