import Inspection
import Testing

/// What a reasoning states of defects as such, where it is asked whether there is one.
@Suite("Statements about defects")
struct DefectStatementTests {
  @Test(
    "a denial of defects on a part, or with an exception, is not the answer No",
    arguments: [
      Sentence(
        "There is no defect on the cap, but the neck of the bottle is broken, so there is a defect.", .yesNo,
        "A"),
      Sentence("There are no defects on the left side. On the right side there is a hole.", .yesNo, nil),
      Sentence(
        "I see no issues with the label. The bottle neck however is cracked. Therefore, there is a defect.",
        .yesNo, "A"),
      Sentence("No, wait. There is a scratch.", .yesNo, nil),
      Sentence("The rim is torn, there is no way it's B (No).", .yesNo, nil),
      Sentence("The cap has no defects.", .yesNo, nil),
      Sentence("On the left side, there are no defects.", .yesNo, nil),
      Sentence("On the left side I see no damage", .yesNo, nil),
      Sentence("There is no damage to the rim or the neck.", .yesNo, nil),
      Sentence("There are no defects on the surface of the cap.", .yesNo, nil),
      Sentence("The template image has no defects.", .yesNo, nil),
      Sentence("At first I saw no defects.", .yesNo, nil),
      Sentence("There are no defects elsewhere.", .yesNo, nil),
      Sentence("Apart from the scratch, there are no defects.", .yesNo, nil),
      Sentence("There are no defects except for a dent near the rim.", .yesNo, nil),
      Sentence("The object has no defects other than a dent.", .yesNo, nil),
      Sentence("The label is not defective.", .yesNo, nil),
      Sentence("The label is free of defects, although the cap is cracked.", .yesNo, nil),
      Sentence("There is no defect on the flange, but the gasket is mangled.", .yesNo, nil),
      Sentence("The flange shows no defects. However, the gasket is mangled.", .yesNo, nil),
      Sentence("There is a defect on the rim. There are no defects on the cap.", .yesNo, "A"),
      Sentence("There are no visible defects. The neck, however, is cracked.", .yesNo, nil),
      Sentence("No scratches, dents or defects can be seen in the upper half.", .yesNo, nil),
    ])
  func partialDenials(_ sentence: Sentence) { sentence.check() }

  @Test(
    "a denial of defects as such is the answer No",
    arguments: [
      Sentence("There is no defect in the object.", .yesNo, "B"),
      Sentence("There is no visible defect in the image.", .yesNo, "B"),
      Sentence("I see no signs of damage.", .yesNo, "B"),
      Sentence("The object has no defects on any part.", .yesNo, "B"),
      Sentence("There are no defects anywhere on the surface.", .yesNo, "B"),
      Sentence("There are no scratches, dents, or defects.", .yesNo, "B"),
      Sentence("No defects or damage are visible.", .yesNo, "B"),
      Sentence("There are no defects. No scratches, cracks or dents are visible.", .yesNo, "B"),
      Sentence("There isn't any defect.", .yesNo, "B"),
      Sentence("The object does not have any defects.", .yesNo, "B"),
      Sentence("I cannot see any defects in the picture.", .yesNo, "B"),
      Sentence("I don't think there is a defect.", .yesNo, "B"),
      Sentence("The object is smooth and round, without any defect.", .yesNo, "B"),
      Sentence("The surface is free of defects.", .yesNo, "B"),
      Sentence("The object is defect-free.", .yesNo, "B"),
      Sentence("The object is not defective.", .yesNo, "B"),
      Sentence("The object does not appear to be damaged.", .yesNo, "B"),
      Sentence("The object looks intact.", .yesNo, "B"),
      Sentence("No part of the object shows damage.", .yesNo, "B"),
      Sentence("Nothing is damaged.", .yesNo, "B"),
      Sentence("There was a stain, but it is dirt on the lens; there is no longer a defect.", .yesNo, "B"),
      Sentence("Defects are not visible.", .yesNo, "B"),
      Sentence("The answer is no because the rim is round.", .yesNo, "B"),
      Sentence("The mark looked like a scratch, but it is a reflection, so there is no defect.", .yesNo, "B"),
      Sentence("There is a defect on the rim. No, it is a shadow, so there is no defect.", .yesNo, "B"),
      Sentence("The object lacks any visible damage.", .yesNo, "B"),
      Sentence("There are no potential defects.", .yesNo, "B"),
      Sentence("There are no defects. It is B (No).", .yesNo, "B"),
      Sentence(
        "If the rim were broken, there would be a defect, but it is round, so there is no defect.", .yesNo,
        "B"
      ),
      Sentence("The image shows a bottle with no visible defects.", .yesNo, "B"),
      Sentence("The image shows a bottle cap with no defects.", .yesNo, "B"),
      Sentence("The surface is smooth and there are no visible defects in the image.", .yesNo, "B"),
      Sentence("Compared with the template, there are no defects.", .yesNo, "B"),
      Sentence("No anomalies detected.", .yesNo, "B"),
      Sentence("The object has no damage, so the answer is B.", .yesNo, "B"),
      Sentence("Neither damage nor contamination can be seen.", .yesNo, "B"),
      Sentence("The absence of defects means that the object is fine.", .yesNo, "B"),
      Sentence("I find no defect. Yet no crack is visible at the neck.", .yesNo, "B"),
      Sentence("I find no defect. If a crack were visible, it would be different.", .yesNo, "B"),
      Sentence("The hole of the nut is round and there is no defect.", .yesNo, "B"),
      Sentence("There are no defects in the image, but the picture is blurry.", .yesNo, "B"),
      Sentence("The object is normal.", .yesNo, "B"),
      Sentence("There does not appear to be any defect.", .yesNo, "B"),
      Sentence("There doesn’t seem to be a problem with the object.", .yesNo, "B"),
      Sentence("No visible defects in the image.", .yesNo, "B"),
      Sentence("No obvious anomalies or damage on the object.", .yesNo, "B"),
      Sentence("So, no, there is no defect.", .yesNo, "B"),
      Sentence("The surface is uniform, indicating no defects.", .yesNo, "B"),
      Sentence("This indicates that there is no defect in the object.", .yesNo, "B"),
      Sentence(
        "I need to determine if the object has any defects. The rim is round, so the object has no defects.",
        .yesNo, "B"),
      Sentence("The wood has a natural grain with no defects.", .yesNo, "B"),
      Sentence("There is no problem with the object.", .yesNo, "B"),
      Sentence("No defect has been found.", .yesNo, "B"),
    ])
  func wholeDenials(_ sentence: Sentence) { sentence.check() }

  @Test(
    "a statement that there is a defect is the answer Yes",
    arguments: [
      Sentence("There is a defect in the object.", .yesNo, "A"),
      Sentence("There's a visible defect on the cap.", .yesNo, "A"),
      Sentence("Therefore, there are defects", .yesNo, "A"),
      Sentence("There is clearly some damage.", .yesNo, "A"),
      Sentence("There seems to be a defect near the rim.", .yesNo, "A"),
      Sentence("The object has a defect.", .yesNo, "A"),
      Sentence("The picture shows signs of damage.", .yesNo, "A"),
      Sentence("I can see a small, dark flaw on the lid.", .yesNo, "A"),
      Sentence("A defect is visible on the left.", .yesNo, "A"),
      Sentence("The defect is on the rim.", .yesNo, "A"),
      Sentence("The object is defective.", .yesNo, "A"),
      Sentence("The rim appears to be damaged.", .yesNo, "A"),
      Sentence("The crack is a defect.", .yesNo, "A"),
      Sentence("The object is not free of defects.", .yesNo, "A"),
      Sentence("The rim is not intact.", .yesNo, "A"),
      Sentence("There is no doubt that there is a defect.", .yesNo, "A"),
      Sentence("The object looks fine at first, but it is defective.", .yesNo, "A"),
      Sentence("There are no scratches, however there is a defect.", .yesNo, "A"),
      Sentence("The label is no longer attached, which is a defect.", .yesNo, "A"),
      Sentence("I thought there was no defect, but there is a defect on the rim.", .yesNo, "A"),
      Sentence("Yes, there is a dent; there are no other defects", .yesNo, "A"),
      Sentence("The bottle has no cap, which is a defect.", .yesNo, "A"),
      Sentence("The image shows a bottle with a defect on the rim.", .yesNo, "A"),
      Sentence(
        "The template is intact. The object in the query image has a crack, which is a defect.", .yesNo, "A"),
      Sentence("Although the label has no defects, the neck is damaged.", .yesNo, "A"),
      Sentence("I conclude that the object is damaged.", .yesNo, "A"),
      Sentence("There is a defect, so the answer is A. There is no other defect.", .yesNo, "A"),
      Sentence("The object isn't intact.", .yesNo, "A"),
      Sentence("The damage is clear.", .yesNo, "A"),
      Sentence("The object is abnormal.", .yesNo, "A"),
      Sentence("So, yes, there is a defect.", .yesNo, "A"),
      Sentence("The wire is bent, indicating a defect.", .yesNo, "A"),
      Sentence("This indicates that there is a defect in the object.", .yesNo, "A"),
      Sentence(
        "I need to determine if the object has any defects. The rim has a chip, so the object has a defect.",
        .yesNo, "A"),
      Sentence("This is considered a defect.", .yesNo, "A"),
      Sentence("There is a problem with the object.", .yesNo, "A"),
      Sentence("A defect has been found.", .yesNo, "A"),
    ])
  func affirmations(_ sentence: Sentence) { sentence.check() }

  @Test(
    "defects supposed, doubted, asked about or looked for are neither answer",
    arguments: [
      Sentence("If there is a defect, it must be on the rim.", .yesNo, nil),
      Sentence("If there is no defect, the rim is round.", .yesNo, nil),
      Sentence("I check whether there is a defect.", .yesNo, nil),
      Sentence("I check whether there is no defect.", .yesNo, nil),
      Sentence("Let me look closely to see if there is any defect.", .yesNo, nil),
      Sentence("We need to find a defect.", .yesNo, nil),
      Sentence("I look for defects on the surface.", .yesNo, nil),
      Sentence("There may be a defect.", .yesNo, nil),
      Sentence("There might be no defect.", .yesNo, nil),
      Sentence("There would be a defect.", .yesNo, nil),
      Sentence("Is there a defect?", .yesNo, nil),
      Sentence("Are there no defects?", .yesNo, nil),
      Sentence("It is unclear whether the object is damaged.", .yesNo, nil),
      Sentence("I am not sure there is a defect.", .yesNo, nil),
      Sentence("The question asks if the object has a defect.", .yesNo, nil),
      Sentence("The question says there is a defect.", .yesNo, nil),
      Sentence("The mark is not a defect.", .yesNo, nil),
      Sentence("It is wrong that there is no defect.", .yesNo, nil),
      Sentence("An object without defects is smooth.", .yesNo, nil),
      Sentence("There is an issue with the lighting.", .yesNo, nil),
      Sentence("The presence of defects is to be judged.", .yesNo, nil),
      Sentence("A defect would be visible as a dark spot.", .yesNo, nil),
      Sentence("When there is a defect, the rim is rough.", .yesNo, nil),
      Sentence("The defect is not visible.", .yesNo, nil),
      Sentence("There is a scratch on the lid.", .yesNo, nil),
      Sentence("I doubt there is a defect.", .yesNo, nil),
      Sentence("It is not true that there is a defect.", .yesNo, nil),
      Sentence("The neck is broken although the label has no defects.", .yesNo, nil),
      Sentence("There are no other visible issues.", .yesNo, nil),
      Sentence("There is nothing wrong with the label.", .yesNo, nil),
      Sentence("No defects are found on the cap.", .yesNo, nil),
      Sentence("Neither the cap nor the label has a defect.", .yesNo, nil),
      Sentence("I find no defect. Yet a crack is visible at the neck.", .yesNo, nil),
      Sentence("The object is normal except for a scratch.", .yesNo, nil),
      Sentence("There are no signs of cracks, scratches, or other damage.", .yesNo, nil),
      Sentence("There are no cracks or any other visible defects.", .yesNo, nil),
      Sentence("The scratch could be considered a defect.", .yesNo, nil),
      Sentence("This is not considered a defect.", .yesNo, nil),
      Sentence("There is a shadow rather than a defect.", .yesNo, nil),
      Sentence("There is a shadow, not a defect.", .yesNo, nil),
      Sentence("I thought there was a defect, but it is a reflection.", .yesNo, nil),
      Sentence("I thought there was no defect, but it is a crack.", .yesNo, nil),
      Sentence("The spot does not indicate a defect.", .yesNo, nil),
      Sentence("There is no issue with the lighting.", .yesNo, nil),
      Sentence("It looks like a defect.", .yesNo, nil),
      Sentence("The object has been checked for damage.", .yesNo, nil),
    ])
  func unstatedDefects(_ sentence: Sentence) { sentence.check() }

  @Test(
    "whole reasonings conclude on what they find",
    arguments: [
      Sentence(
        "The image shows a bottle viewed from above. The rim is smooth and there are no visible cracks, chips, or contamination. Therefore, there is no defect in the object.",
        .yesNo, "B"),
      Sentence(
        "The image shows a bottle viewed from above. The rim has a visible crack at the left. Therefore, there is a defect in the object.",
        .yesNo, "A"),
      Sentence("The metal nut has a scratch on its surface, which indicates a defect.", .yesNo, "A"),
      Sentence(
        "The metal nut in the image appears to be in good condition with no visible scratches or damage.",
        .yesNo, "B"),
      Sentence("The object appears to have no visible defects.", .yesNo, "B"),
      Sentence("The object appears to have a visible defect.", .yesNo, "A"),
      Sentence("Based on the image, there do not appear to be any defects.", .yesNo, "B"),
      Sentence("Based on the image, there appears to be a defect.", .yesNo, "A"),
      Sentence("Upon closer inspection, there is damage on the left side.", .yesNo, "A"),
      Sentence("Upon closer inspection, there is no damage on the left side.", .yesNo, nil),
      Sentence("Upon closer inspection, there is no damage.", .yesNo, "B"),
      Sentence("The hazelnut has a hole, which is not normal, so there is a defect.", .yesNo, "A"),
      Sentence("The object is without defects.", .yesNo, "B"),
      Sentence("This means that the object is not damaged and has no defects.", .yesNo, "B"),
      Sentence("Yes, there is a defect. The answer is A.", .yesNo, "A"),
      Sentence(
        "The capsule has no defect on its left half, but its right half is squeezed; the object is defective.",
        .yesNo, "A"),
      Sentence("I cannot rule out that there is a defect.", .yesNo, nil),
      Sentence("There is hardly any damage.", .yesNo, "B"),
      Sentence("There is not a single defect.", .yesNo, "B"),
      Sentence("It would be a defect if the rim were broken.", .yesNo, nil),
      Sentence("Whether there is a defect or not, I look at the rim.", .yesNo, nil),
      Sentence("If there was a defect, I would see it; I see none.", .yesNo, nil),
      Sentence("Had there been a defect, the rim would be rough.", .yesNo, nil),
      Sentence("The rim should have no defects.", .yesNo, nil),
      Sentence("A good bottle has no defects. This one has a crack.", .yesNo, nil),
      Sentence("There are no defects like scratches or dents.", .yesNo, "B"),
      Sentence("There are no defects such as cracks in the neck.", .yesNo, nil),
      Sentence("The image contains no anomalies.", .yesNo, "B"),
      Sentence("Everything is fine and no damage can be found.", .yesNo, "B"),
      Sentence("No, the object has no defects on the cap or the body.", .yesNo, "B"),
      Sentence("The cable is missing an insulation, so the object is defective.", .yesNo, "A"),
      Sentence("There is a defect in the template? No, it is intact.", .yesNo, "B"),
    ])
  func wholeReasonings(_ sentence: Sentence) { sentence.check() }

  @Test("statements about defects answer no other question")
  func otherQuestions() {
    Sentence("There is a defect. It is not damaged.", .kinds, nil).check()
    Sentence("There is a defect.", ["Yes.", "Maybe."], nil).check()
  }

  @Test(
    "defective and good pictures are paid alike for reasoning of the same form",
    arguments: [
      ("There is a defect in the object.", "There is no defect in the object."),
      ("The object has a defect.", "The object has no defect."),
      ("I see a defect in the image.", "I do not see any defect in the image."),
      ("The object is defective.", "The object is not defective."),
      ("The object is damaged.", "The object is undamaged."),
      ("The object is abnormal.", "The object is normal."),
      ("The object is not intact.", "The object is intact."),
      ("A defect is visible.", "No defect is visible."),
      ("The image shows a bottle with a defect.", "The image shows a bottle without any defect."),
      ("The object looks fine, but there is a defect.", "The object looks worn, but there is no defect."),
      ("There may be a defect.", "There may be no defect."),
    ])
  func paidAlike(_ present: String, _ absent: String) throws {
    let options = AnswerOption.lettered(.yesNo)
    let rewards = try [(present, "A"), (absent, "B")].flatMap { sentence, truth in
      let target = RewardTarget.choice(try ChoiceTarget(options: options, answer: truth))
      return try ["A", "B"].map { answer in
        let reply = "<think>\(sentence)</think> <answer>\(answer)</answer>"
        return try ROAMReward().score(reply: reply, target: target).reward
      }
    }
    #expect(rewards[0] == rewards[3])
    #expect(rewards[1] == rewards[2])
  }
}
