namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The id of one loss of a worker's instance, shared by all tasks that were lost with it. An id from outside must match
/// <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<LossId>))]
public readonly record struct LossId(string Value) : ITextId<LossId>
{
    /// <inheritdoc />
    public static LossId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
