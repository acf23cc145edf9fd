using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Ids;

/// <summary>Names one worker, over all starts of its process. Keeps <see cref="Identifier.Rule"/> where it comes from outside.</summary>
[JsonConverter(typeof(IdJsonConverter<WorkerId>))]
public readonly record struct WorkerId(string Value) : ITextId<WorkerId>
{
    /// <inheritdoc />
    public static WorkerId From(string value) => new(SharedValues<string>.Of(value));

    /// <inheritdoc />
    public override string ToString() => Value;
}
