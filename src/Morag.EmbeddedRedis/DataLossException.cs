using System.Security.Cryptography;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Data that was stored is missing from the folder. The server starts with the remaining data only if
/// <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> is <see cref="Loss"/>.
/// </summary>
public sealed class DataLossException : EmbeddedRedisException
{
    internal DataLossException(string message, string loss)
        : base(message) => Loss = loss;

    internal static string TokenOf(string damage) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(damage)))[..12];

    /// <summary>Stands for this very loss: the same at each attempt, and never that of a later one.</summary>
    public string Loss { get; }

    /// <summary>Returns, and logs it, if this is the loss that the operator accepts (<see cref="EmbeddedRedisOptions.AcceptDataLoss"/>).</summary>
    /// <exception cref="DataLossException">This one, if it is not.</exception>
    internal void ThrowUnlessAccepted(string? accepted, Action<string> log)
    {
        if (Loss != accepted)
        {
            throw this;
        }

        log($"This loss of data is accepted, as asked for: {Message}");
    }
}
