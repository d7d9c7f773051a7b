public import OrderedJSON

extension QwenConfiguration {
  /// `config.json` in the published flat form, which every version of transformers reads.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("architectures", [.string(architecture)]),
      .init("model_type", "qwen2_5_vl"),
      .init("attention_dropout", 0.0),
    ]
    if !stopTokenIDs.isEmpty {
      members.append(
        .init(
          "eos_token_id",
          stopTokenIDs.count == 1 ? .integer(stopTokenIDs[0]) : .array(stopTokenIDs.map(JSON.integer))))
    }
    members += [
      .init("vision_start_token_id", .integer(visionStartTokenID)),
      .init("vision_end_token_id", .integer(visionEndTokenID)),
      .init("image_token_id", .integer(imageTokenID)),
      .init("video_token_id", .integer(videoTokenID)),
      .init("hidden_act", "silu"),
      .init("hidden_size", .integer(text.hiddenSize)),
      .init("intermediate_size", .integer(text.intermediateSize)),
      .init("max_position_embeddings", .integer(text.maximumPositions)),
      .init("num_attention_heads", .integer(text.heads)),
      .init("num_hidden_layers", .integer(text.layers)),
      .init("num_key_value_heads", .integer(text.keyValueHeads)),
      .init("rms_norm_eps", .number(text.normEpsilon)),
      .init("rope_theta", .number(text.ropeTheta)),
      .init("tie_word_embeddings", .bool(tiedEmbeddings)),
    ]
    if let storedDType { members.append(.init("torch_dtype", .string(storedDType))) }
    members += [
      .init("use_cache", true),
      .init("use_sliding_window", false),
      .init("vision_config", vision.json),
      .init(
        "rope_scaling", ["type": "mrope", "mrope_section": .array(text.ropeSections.map(JSON.integer))]),
      .init("vocab_size", .integer(text.vocabularySize)),
    ]
    return .object(members)
  }
}

extension VisionConfiguration {
  fileprivate var json: JSON {
    let json: JSON = [
      "depth": .integer(depth),
      "hidden_act": "silu",
      "hidden_size": .integer(hiddenSize),
      "intermediate_size": .integer(intermediateSize),
      "num_heads": .integer(heads),
      "in_channels": .integer(channels),
      "in_chans": .integer(channels),
      "out_hidden_size": .integer(outputSize),
      "patch_size": .integer(patchSize),
      "spatial_merge_size": .integer(mergeSize),
      "spatial_patch_size": .integer(patchSize),
      "window_size": .integer(windowSize),
      "fullatt_block_indexes": .array(fullAttentionBlocks.map(JSON.integer)),
      "tokens_per_second": 2,
      "temporal_patch_size": .integer(temporalPatchSize),
    ]
    // Published files leave θ out, as there is only one; a model saved with another keeps it.
    return ropeTheta == Self.publishedRopeTheta
      ? json : json.setting("rope_parameters", to: ["rope_type": "axial", "rope_theta": .number(ropeTheta)])
  }
}
