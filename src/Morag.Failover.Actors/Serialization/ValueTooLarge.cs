using System.Globalization;

namespace Morag.Failover.Actors.Serialization;

/// <summary>
/// Published on the event stream when a message or a stored value exceeds <see cref="MessageLimits.MaxBytes"/>. Batches are split below
/// that limit, so each occurrence is a defect.
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Manifest">The manifest of its type.</param>
/// <param name="Bytes">Its size in bytes.</param>
public sealed record ValueTooLarge(object Value, string Manifest, int Bytes)
{
    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"a \"{Manifest}\" has {Bytes:N0} bytes; the limit is {MessageLimits.MaxBytes:N0}");
}
