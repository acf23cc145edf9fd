namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// Names one failure for good: derived from what failed, so that every report of the same failure gives the same id. Keeps <see
/// cref="Identifier.Rule"/> where it comes from outside.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<FailureId>))]
public readonly record struct FailureId(string Value) : ITextId<FailureId>
{
    /// <inheritdoc />
    public static FailureId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;
}
