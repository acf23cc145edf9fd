namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// Names one loss of one running instance of a worker: all tasks lost with it share it. Keeps <see cref="Identifier.Rule"/> where it
/// comes from outside.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<LossId>))]
public readonly record struct LossId(string Value) : ITextId<LossId>
{
    /// <inheritdoc />
    public static LossId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;
}
