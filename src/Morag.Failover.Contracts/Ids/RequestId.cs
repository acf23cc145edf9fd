namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// A worker's name for one lease call: the same id again gives the same leases. Keeps <see cref="Identifier.Rule"/> where it comes from
/// outside.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<RequestId>))]
public readonly record struct RequestId(string Value) : ITextId<RequestId>
{
    /// <inheritdoc />
    public static RequestId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;
}
