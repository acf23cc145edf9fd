using System.Globalization;

namespace Morag.Failover.Actors.Serialization;

/// <summary>
/// Published on the event stream when a message or a stored value has more than <see cref="MessageLimits.MaxBytes"/> bytes. Everything that
/// is gathered keeps below that, so that each one is a defect.
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Manifest">The name of its type on the wire.</param>
/// <param name="Bytes">The bytes it takes.</param>
public sealed record ValueTooLarge(object Value, string Manifest, int Bytes)
{
    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"a \"{Manifest}\" takes {Bytes:N0} bytes, and the most that is sent or stored at once is {MessageLimits.MaxBytes:N0}");
}
